"""What the rooms say in English, said in Korean.

Errors and problems are worded once, in English, where they arise: the command line, the API and the logs say them so.
A page for Korean readers finds each by the form of its sentence, with what was filled in; a test collects every
sentence that can reach a page and looks for its form.
"""

from hub_config.reports.service.texts.sentences.forms import in_korean, line_in_korean, place_in_korean
from hub_config.reports.service.texts.sentences.ranges import range_in_korean

__all__ = ["in_korean", "line_in_korean", "place_in_korean", "range_in_korean"]
