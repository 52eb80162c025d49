"""Pages of industry chains (产业链)."""
