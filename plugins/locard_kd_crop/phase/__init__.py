"""Phase evidence: what the 64 places where an old JPEG grid may begin say of themselves."""
