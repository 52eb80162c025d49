"""Pages of challenges: permission, form, verb, redirect; what is shown comes from queries."""
