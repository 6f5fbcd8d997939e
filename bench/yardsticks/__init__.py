"""What the product is compared with: the limit, a peer and the plain way."""
