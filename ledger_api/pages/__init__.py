"""The public pages: what anyone can see in a browser, without an account, a script or a cookie."""
