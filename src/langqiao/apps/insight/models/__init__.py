"""Tables of the think tank (智库)."""
