"""What a patient asks of a femur: in goes the patient, out come forces in N and how they compare with a strength.

Forces at the hip in daily life are those measured in patients by instrumented implants; the force of a sideways fall
is the classical spring-and-mass estimate. Both describe a person like the patient, not the patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from femrisk.patient import STANDARD_GRAVITY, Patient

#: Load to failure below which a femur with metastases is called at high risk, multiples of body weight (BOS score,
#: Eggermont 2020). Recalled: to be checked against the paper before anything rests on it.
BOS_THRESHOLD_BW = 7.5

#: Fall estimate (Robinovitch 1991; Bouxsein 2007, as used in the Framingham study, Dufour 2012), all recalled:
#: height of the centre of gravity as a share of standing height,
FALL_HEIGHT_SHARE = 0.51
#: mass that moves with the hip as a share of body mass (7/20),
FALL_MASS_SHARE = 0.35
#: stiffness of the body at the hip, N/mm,
FALL_STIFFNESS_N_PER_MM = {"female": 71.0, "male": 90.0}
#: and force absorbed per millimetre of soft tissue over the trochanter, N/mm.
SOFT_TISSUE_N_PER_MM = 71.0

#: Impact force at the hip estimated from mimicked falls, mean and standard deviation, N (Lim and Choi 2020, n = 20).
MEASURED_FALL_N = (4000.0, 1700.0)


@dataclass(frozen=True)
class HipForce:
    """A band of measured peak forces at the hip, in multiples of body weight."""

    activity: str
    low_BW: float
    high_BW: float
    source: str


HIP_FORCES = (
    HipForce(
        "level walking", 2.38, 4.8, "Bergmann 2001 (n = 4) 2.38; Bergmann 1993 (n = 2) 2.8 at 1 km/h to 4.8 at 5 km/h"
    ),
    HipForce("stairs", 2.51, 2.60, "Bergmann 2001 (n = 4): up 2.51, down 2.60"),
    HipForce("stumbling", 7.2, 8.7, "Bergmann 1993 (n = 2)"),
)

#: What stance is compared with: going downstairs, the highest mean of the daily activities of Bergmann 2001.
DAILY_BW = 2.60


@dataclass(frozen=True)
class Demand:
    """The force one load case is compared with."""

    force_N: float
    #: what it is and where it comes from, in one sentence
    meaning: str


def body_weights(force_N: float, patient: Patient) -> float:
    """The force as a multiple of the patient's body weight."""
    return force_N / patient.body_weight_N


def fall_impact_N(patient: Patient) -> float:
    """Peak force on the hip in a fall to the side from standing, N, without soft tissue.

    F = sqrt(2 g h k m): a mass m = 0.35 body mass falls from h = 0.51 height onto a spring k (71 N/mm women, 90 men).
    """
    height_mm = FALL_HEIGHT_SHARE * patient.height_cm * 10
    weight_N = STANDARD_GRAVITY * FALL_MASS_SHARE * patient.mass_kg
    return sqrt(2 * weight_N * height_mm * FALL_STIFFNESS_N_PER_MM[patient.sex])


def attenuated_fall_N(patient: Patient, soft_tissue_mm: float) -> float:
    """Peak force of a fall less what soft tissue over the trochanter absorbs (71 N per mm), N, never below zero."""
    return max(0.0, fall_impact_N(patient) - SOFT_TISSUE_N_PER_MM * soft_tissue_mm)


def demand(load_kind: str, patient: Patient) -> Demand | None:
    """The force a load of this kind (``stance``, ``sideways_fall``) is compared with; None where there is none."""
    if load_kind == "stance":
        return Demand(
            DAILY_BW * patient.body_weight_N,
            f"going downstairs, {DAILY_BW:g} times body weight (Bergmann 2001, n = 4)",
        )
    if load_kind != "sideways_fall":
        return None
    soft_tissue_mm = patient.hip_soft_tissue_mm
    if soft_tissue_mm is None:
        return Demand(fall_impact_N(patient), "impact of a fall from standing without soft tissue (estimate, recalled)")
    return Demand(
        attenuated_fall_N(patient, soft_tissue_mm),
        f"impact of a fall from standing under {soft_tissue_mm:g} mm of soft tissue (estimate, recalled)",
    )


def factor_of_risk(demand_N: float, strength_N: float) -> float:
    """Demand over strength: fracture is expected at 1 and above (Dufour 2012).

    Raises:
        ValueError: the strength is not positive.
    """
    if not strength_N > 0:
        raise ValueError(f"a strength is above 0 N, got {strength_N} N")
    return demand_N / strength_N
