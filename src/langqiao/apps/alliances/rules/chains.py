"""Who may do what with chains."""
