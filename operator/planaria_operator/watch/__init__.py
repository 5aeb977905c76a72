"""kopf's watches, which do nothing but feed the store."""
