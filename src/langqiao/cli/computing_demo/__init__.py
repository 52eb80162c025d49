"""The demo of the computing centre: illustrative tenants (示例) of the campus and what they do."""
