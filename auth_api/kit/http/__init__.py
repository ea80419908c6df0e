"""HTTP: the edge around the application, requests, responses, errors and the OpenAPI document."""
