"""The Django project: settings, URLs, base templates, static sources, middleware."""
