"""Pages of the joint conference: permission, form, verb, redirect; what is shown comes from queries."""
