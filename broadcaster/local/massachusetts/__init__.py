"""Massachusetts as sample input: real places, invented numbers.

Law: the places are facts (14 counties with FIPS codes, 351 municipalities with county, ZIP codes and their rounded
population of the 2020 census); everything that could reach somebody is fiction. Every telephone number is 555-0100 to
555-0199, which the numbering plan keeps for fiction, and every mail address ends in ``.example`` (RFC 2606). The
answering points, agencies and extra communities are samples, and the directory says so (`Directory.sample`). The
points of the towns are where their ZIP codes lie by the Census, to a hundredth of a degree, or about their middle where
they have none to themselves; the shapes that are made of them are inventions, and each says so (`shapes.generated`).
"""

from broadcaster.local.massachusetts.sample import load

__all__ = ["load"]
