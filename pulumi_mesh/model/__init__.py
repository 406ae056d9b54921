"""The model: what a platform team writes; intent in the field's words."""
