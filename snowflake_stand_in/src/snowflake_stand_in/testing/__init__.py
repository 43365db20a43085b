"""For tests of others' code: the stand-in, certificates and Azurite, as processes of a test."""

from snowflake_stand_in.testing.certificates import Certificates
from snowflake_stand_in.testing.stand_in import StandIn

__all__ = ["Certificates", "StandIn"]
