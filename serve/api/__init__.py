"""The HTTP operations, one module per resource."""
