"""Weather by place: an integration that reaches one domain and nothing else."""
