"""Pages of the registry: lists are in ``listings``, object pages and forms here."""
