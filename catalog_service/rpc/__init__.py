"""The edge of the catalogue: services that translate, open a transaction, and delegate."""
