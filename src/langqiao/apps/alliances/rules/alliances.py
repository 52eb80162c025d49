"""Who may do what with alliances."""
