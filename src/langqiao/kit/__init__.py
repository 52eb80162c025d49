"""Small helpers that every app uses: refusals, permissions, lists, exports. Imports nothing of ours."""
