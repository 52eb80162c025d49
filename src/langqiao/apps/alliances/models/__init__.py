"""Tables of alliances (联盟)."""
