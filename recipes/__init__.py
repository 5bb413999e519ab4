"""Recipes for Amazon S3 with boto3: `python -m recipes` lists them."""
