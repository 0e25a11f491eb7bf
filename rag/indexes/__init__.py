"""The engines behind the port ``Index``, each in a folder of its own, and the function that opens one."""
