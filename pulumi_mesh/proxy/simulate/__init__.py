"""What a proxy does with a request, told from its view alone."""
