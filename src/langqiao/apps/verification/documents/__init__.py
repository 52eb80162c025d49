"""Documents to take along (DOCX)."""
