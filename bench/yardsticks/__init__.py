"""Yardsticks for the product: the limit, a peer and the simple way."""
