"""Names of colours, from a wheel the package ships and locks."""
