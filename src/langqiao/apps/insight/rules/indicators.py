"""Who may do what with indicators."""
