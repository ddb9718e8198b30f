"""What every Librarian server is built on: errors, configuration, logs, and the gRPC server."""
