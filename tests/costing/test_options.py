"""The options of costing: argument before settings, and what contradicts itself."""

import pytest

from greentrack.config import Settings
from greentrack.costing.options import CostingOptions, ParsedOptions, parse_options
from greentrack.errors import ConfigError


def test_without_anything_nothing_is_applied() -> None:
    """No overhead, no price of one's own, nothing that must be asked for."""
    assert parse_options() == ParsedOptions() == parse_options(Settings())


def test_an_argument_comes_before_the_settings() -> None:
    """Each for itself; the settings' zone is kept for runs that name none."""
    settings = Settings(zone="SE", pue="1.5", tariff="0.20 EUR", embodied=True, water=True)
    options = parse_options(settings, zone="FR", pue=1.1, embodied=False)
    assert (options.zone, options.default_zone, options.embodied, options.water) == ("FR", "SE", False, True)
    assert options.pue is not None
    assert options.pue.figure.value == 1.1
    assert options.tariff is not None
    assert options.tariff.price.value == 0.20


def test_an_owner_and_a_renter_are_not_one() -> None:
    """A tariff that is asked for replaces the settings' rent and the other way round; both at once are refused."""
    rented = Settings(rent="2.95 USD", tariff="0.20 EUR")
    assert parse_options(rented).rent is not None
    assert parse_options(rented).tariff is None
    assert parse_options(rented, tariff="0.30 EUR").rent is None
    assert parse_options(Settings(tariff="0.20 EUR"), rent="2 USD").tariff is None
    with pytest.raises(ConfigError, match="renter"):
        parse_options(tariff="0.30 EUR", rent="2 USD")


@pytest.mark.parametrize("options", [{"scope": "galaxy"}, {"pue": "0.5"}, {"tariff": "12"}, {"rent": "much"}])
def test_what_cannot_be_read_is_refused(options: CostingOptions) -> None:
    """One line each."""
    with pytest.raises(ConfigError):
        parse_options(**options)


def test_a_false_setting_is_not_an_unset_one() -> None:
    """water=False beats the settings' True; None does not."""
    assert parse_options(Settings(water=True), water=False).water is False
    assert parse_options(Settings(water=True), water=None).water is True
