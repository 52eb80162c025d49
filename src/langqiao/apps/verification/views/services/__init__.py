"""Pages of the three services of a centre (概念验证服务)."""
