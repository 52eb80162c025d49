"""Tables of alliances."""
