"""Who may do what with parks."""
