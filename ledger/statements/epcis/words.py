"""The controlled vocabularies of EPCIS events: their words, and every published spelling of each.

Decides: which text stands for which word. Never decides what a word means to the books.

Source: GS1 Core Business Vocabulary 2.0 chapter 7; GS1 Web Vocabulary (measurement and alert types); EPCIS
2.0.1 JSON-LD context.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

#: The CBV's names on the web and as URNs, lower case. Only GS1 mints names here.
CBV_NAMESPACES: Final = (
    "https://ref.gs1.org/cbv/",
    "http://ref.gs1.org/cbv/",
    "https://ns.gs1.org/cbv/",
    "http://ns.gs1.org/cbv/",
    "urn:epcglobal:cbv:",
)
#: The GS1 Web Vocabulary, from which measurement and alert types are taken, lower case.
GS1_NAMESPACES: Final = (
    "https://ref.gs1.org/voc/",
    "https://gs1.org/voc/",
    "http://gs1.org/voc/",
    "https://www.gs1.org/voc/",
    "http://www.gs1.org/voc/",
)
#: Names of EPCIS itself (event types, members), lower case.
EPCIS_NAMESPACES: Final = (
    "https://ref.gs1.org/epcis/",
    "http://ref.gs1.org/epcis/",
    "https://ns.gs1.org/epcis/",
    "http://ns.gs1.org/epcis/",
    "https://gs1.github.io/epcis/",
    "urn:epcglobal:epcis:",
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One list of words.

    Attributes:
        label: What a word of it is called in a sentence.
        words: The bare words.
        spellings: Every published spelling of every word, to the bare word.
        namespaces: Where only the standard's own terms may stand, lower case.
        tolerated: Words that the lists do not have and published documents use; see docs/epcis.md.
        own_compact_names: Whether ``cbv:name``, without the list's marker before the name, is let pass as a
            party's own word; see docs/epcis.md.
    """

    label: str
    words: tuple[str, ...]
    spellings: Mapping[str, str]
    namespaces: tuple[str, ...]
    tolerated: frozenset[str] = field(default_factory=frozenset)
    own_compact_names: bool = False

    def word(self, text: str) -> str | None:
        """The bare word that the text spells; None where it spells none (one's own URI, or a mistake)."""
        return self.spellings.get(text)


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _cbv(
    label: str, web: str, urn: str | None, words: Iterable[str], *, own_compact_names: bool = False
) -> Vocabulary:
    listed = tuple(words)
    spellings: dict[str, str] = {}
    for word in listed:
        for form in ("{}", f"cbv:{web}-{{}}", f"https://ref.gs1.org/cbv/{web}-{{}}"):
            spellings[form.format(word)] = word
        for scheme in ("https", "http"):
            spellings[f"{scheme}://ns.gs1.org/cbv/{web}-{word}"] = word
        if urn is not None:
            spellings[f"urn:epcglobal:cbv:{urn}:{word}"] = word
    return Vocabulary(label, listed, spellings, CBV_NAMESPACES, own_compact_names=own_compact_names)


def _gs1(label: str, code_list: str, words: Iterable[str], tolerated: Iterable[str] = ()) -> Vocabulary:
    listed = tuple(words)
    spellings: dict[str, str] = {}
    for word in listed:
        spellings[word] = word
        for stem in ("gs1:", *GS1_NAMESPACES):
            spellings[f"{stem}{word}"] = word
            spellings[f"{stem}{code_list}-{word}"] = word
    spellings.update((word, word) for word in tolerated)
    return Vocabulary(label, listed, spellings, GS1_NAMESPACES + CBV_NAMESPACES, frozenset(tolerated))


BIZ_STEP: Final = _cbv(
    "business step",
    "BizStep",
    "bizstep",
    _list(
        """accepting arriving assembling collecting commissioning consigning creating_class_instance
        cycle_counting decommissioning departing destroying disassembling dispensing encoding
        entering_exiting holding inspecting installing killing loading other packing picking
        receiving removing repackaging repairing replacing reserving retail_selling sampling
        sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
        unloading unpacking void_shipping"""
    ),
)
DISPOSITION: Final = _cbv(
    "disposition",
    "Disp",
    "disp",
    _list(
        """active available completeness_inferred completeness_verified conformant container_closed
        container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit
        inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement
        no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved
        retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown"""
    ),
)
TRANSACTION_TYPE: Final = _cbv(
    "business transaction type",
    "BTT",
    "btt",
    _list("""bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"""),
)
SOURCE_DESTINATION_TYPE: Final = _cbv(
    "source or destination type",
    "SDT",
    "sdt",
    ("owning_party", "possessing_party", "location"),
    own_compact_names=True,
)
ERROR_REASON: Final = _cbv("error reason", "ER", "er", ("did_not_occur", "incorrect_data"))
COMPONENT: Final = _cbv(
    "component",
    "Comp",
    None,
    _list(
        """x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing
        latitude longitude altitude"""
    ),
)
MEASUREMENT_TYPE: Final = _gs1(
    "measurement type",
    "MeasurementType",
    _list(
        """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
        AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity
        Area Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
        DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity
        ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance
        KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity
        MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
        MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power
        Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity
        SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque
        Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber"""
    ),
    # Names from drafts of EPCIS 2.0 that documents in circulation still carry.
    tolerated=("EffectiveDoseRate", "Molar_concentration"),
)
ALERT_TYPE: Final = _gs1("sensor alert type", "SensorAlertType", ("ALARM_CONDITION", "ERROR_CONDITION"))

VOCABULARIES: Final = (
    BIZ_STEP,
    DISPOSITION,
    TRANSACTION_TYPE,
    SOURCE_DESTINATION_TYPE,
    ERROR_REASON,
    COMPONENT,
    MEASUREMENT_TYPE,
    ALERT_TYPE,
)
