"""Placement of tasks on the GPUs of a computing centre (算力调度), and its simulation over time."""
