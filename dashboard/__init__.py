"""The pages that show what the store knows. Reads only; every route is authorised on the server."""
