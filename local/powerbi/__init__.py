"""A stand-in for the Power BI service and the Microsoft identity platform."""

GROUP_ID = "33333333-3333-3333-3333-333333333333"
"""The one workspace this service knows."""

DATASET_ID = "44444444-4444-4444-4444-444444444444"
"""The one semantic model in that workspace."""
