"""A network of any family that also says where the fixed image has no counterpart in the moving one."""
