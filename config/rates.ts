/**
 * Vendors and what they charge, as data. AMA's royalty per user and year cannot be computed: it
 * went up by fifty cents in 2023, 2024 and 2025 and stood still in 2022 and 2026. So each year is
 * a row with its source, and a year nobody has published is a forecast, which is never charged.
 */

interface VendorRow {
  vendor: string;
  name: string;
  levies: boolean;
  source: string;
}

interface RateRow {
  vendor: string;
  year: number;
  /** What goes to AMA. */
  royaltyCents: number;
  /** What the vendor adds for collecting it. */
  processingCents: number;
  status: 'forecast' | 'confirmed';
  source: string;
}

const AMA_SCHEDULE = 'AMA, Internal Use License royalty rates for 2024, 2025 and 2026';
const THERANEST_HELP = 'TheraNest help pages: collected from its users for the AMA, once a year';

export const VENDORS: VendorRow[] = [
  { vendor: 'theranest', name: 'TheraNest', levies: true, source: THERANEST_HELP },
  {
    vendor: 'simplepractice',
    name: 'SimplePractice',
    levies: true,
    source: 'SimplePractice support: $20 per clinician every December since 2024',
  },
  {
    vendor: 'fusion',
    name: 'Fusion Web Clinic',
    levies: true,
    source: 'Fusion Web Clinic, CPT fee page of 2021: $17 royalty and $1 processing',
  },
  {
    vendor: 'therapynotes',
    name: 'TherapyNotes',
    levies: false,
    source: 'iTherapy, CPT licensing fee FAQ: "no plans to ever levy this charge"',
  },
  {
    // Everybody on the roster works in something; what is not known to levy is never assessed.
    vendor: 'other',
    name: 'Another EHR',
    levies: false,
    source: 'No licence fee of this EHR is known to levy',
  },
];

/** A dollar for processing, in every year known: $18.50 in 2023, about $19.50 in 2026. */
const theranest = (
  year: number,
  royaltyCents: number,
  source: string,
  status: RateRow['status'] = 'confirmed',
): RateRow => ({
  vendor: 'theranest',
  year,
  royaltyCents,
  processingCents: 100,
  status,
  source,
});

export const RATES: RateRow[] = [
  // $17 plus $1, as every vendor's page of that year says.
  theranest(2021, 1700, 'Fusion Web Clinic and iTherapy FAQ: $17.00 royalty in 2021'),
  // No rise.
  theranest(2022, 1700, 'iTherapy, CPT licensing fee FAQ: $17.00 royalty in 2022'),
  // The year the practice's own FAQ names: $18.50 in all.
  theranest(2023, 1750, 'iTherapy, CPT licensing fee FAQ: $18.50 including $1 processing'),
  theranest(2024, 1800, AMA_SCHEDULE),
  theranest(2025, 1850, AMA_SCHEDULE),
  // Again no rise: a formula of "+$0.50 a year" would have taken fifty cents too much of everybody.
  theranest(2026, 1850, `${AMA_SCHEDULE}; about $19.50 on TheraNest's price list of 2026`),
  // Not published. Shown as what it might be; refused until somebody confirms it with a source.
  theranest(2027, 1900, 'Forecast: the royalty of 2026 and $0.50; not published', 'forecast'),
  // The total stood at $20 while AMA's part rose: royalty and processing are separate facts.
  {
    vendor: 'simplepractice',
    year: 2024,
    royaltyCents: 1800,
    processingCents: 200,
    status: 'confirmed',
    source: 'SimplePractice support: $18.00 royalty and $2.00 processing',
  },
  {
    vendor: 'simplepractice',
    year: 2025,
    royaltyCents: 1850,
    processingCents: 150,
    status: 'confirmed',
    source: 'SimplePractice support: $18.50 royalty and $1.50 processing',
  },
];

/** Names of the EHRs known not to levy the fee: what the notice can offer to move to. */
export const FREE_VENDORS: string[] = VENDORS.filter(
  ({ vendor, levies }) => !levies && vendor !== 'other',
).map(({ name }) => name);
