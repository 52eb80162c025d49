"""Network files that come with the engine."""
