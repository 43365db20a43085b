"""A stand-in for the Power BI service and the Microsoft identity platform."""

GROUP_ID = "6a1f0f3e-7c5b-4f0e-9a43-2d1c8b5e7f10"
"""The one workspace this service knows."""

DATASET_ID = "b7d0c6a2-5e19-4c8f-8f27-91e4a3d6c052"
"""The one semantic model in that workspace."""

CLIENT_SECRET = "emulated-client-secret"
"""What any client id must present; it guards nothing but a process on this machine."""
