"""Tables of chains."""
