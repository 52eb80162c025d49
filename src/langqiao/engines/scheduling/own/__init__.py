"""Our own placement policy: a potential learnt from the target workload, its weights found by trial runs."""
