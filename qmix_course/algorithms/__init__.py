"""One short file an algorithm, each a visible difference from the one before it: IQL → VDN → QMIX → OW-QMIX → CW-QMIX.
"""

from qmix_course.algorithms.base import Algorithm, masked_mean, td_target
from qmix_course.algorithms.cw_qmix import CWQMIX
from qmix_course.algorithms.iql import IQL
from qmix_course.algorithms.maven import MAVEN
from qmix_course.algorithms.ow_qmix import OWQMIX
from qmix_course.algorithms.qmix import QMIX
from qmix_course.algorithms.qplex import QPLEX
from qmix_course.algorithms.qtran import QTRAN
from qmix_course.algorithms.vdn import VDN

__all__ = ["Algorithm", "CWQMIX", "IQL", "MAVEN", "OWQMIX", "QMIX", "QPLEX", "QTRAN", "VDN", "masked_mean", "td_target"]
