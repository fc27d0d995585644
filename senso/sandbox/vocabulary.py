"""The words of the made-up world. The first word of each name is ordinary English, with a sentence that uses it."""

# First word of a name -> a sentence that uses the word in its ordinary sense.
ORDINARY = {
    "Community": "The best of them put real effort into building a strong community around saving.",
    "Pioneer": "Local lenders were among the pioneer users of instant payments.",
    "Summit": "Savings rates seem to have passed their summit this year.",
    "Harbor": "A fixed rate can be a safe harbor when prices move.",
    "Heritage": "Old branch buildings are part of the heritage of many towns.",
    "Liberty": "Some accounts take the liberty of rounding up each purchase.",
    "Frontier": "Mobile deposits are no longer a frontier for small lenders.",
    "Cornerstone": "A written budget remains the cornerstone of any plan.",
    "Horizon": "Your time horizon matters more than the last tenth of a percent.",
    "Keystone": "An emergency fund is the keystone of a healthy household.",
    "Beacon": "A clear fee table is a beacon for anyone who compares offers.",
    "Evergreen": "Comparing the yearly cost is evergreen advice.",
    "Guardian": "A parent or guardian has to sign for an account of a minor.",
    "Landmark": "A landmark ruling changed how overdrafts are billed.",
    "Premier": "The soccer premier league has nothing to do with a premier account.",
    "Unity": "There is little unity among reviewers about the ideal term.",
    "Advance": "It helps to gather your papers in advance.",
    "Anchor": "Try not to anchor on the first quote you get.",
    "Century": "Some of these rules are half a century old.",
    "Compass": "Treat published averages as a compass, not as a map.",
    "Legacy": "Several of them still run on legacy software.",
    "Meridian": "Rates do not depend on which meridian you live on.",
    "Sterling": "Prices in sterling are given where the lender quotes them.",
    "Union": "A union card or a payslip often counts as proof of income.",
}

# Rest of a name -> its short forms; {} is the first word. A form of one ordinary word is never used.
TAILS: dict[str, tuple[str, ...]] = {
    "Financial Credit Union": ("{} Financial", "{} Financial CU"),
    "Home Loans": (),
    "Bank": (),
    "Federal Credit Union": ("{} FCU",),
    "Savings Bank": ("{} Savings",),
    "Cover Insurance": ("{} Cover",),
    "Trust Company": ("{} Trust",),
    "Valley Credit Union": ("{} Valley", "{} Valley CU"),
    "Coast Mortgage": ("{} Coast",),
    "Wealth Partners": ("{} Wealth",),
    "Lending Group": ("{} Lending",),
    "First Bank": ("{} First",),
}

# Short forms of these words alone name no organisation, only a kind of one.
KINDS = frozenset({"Union", "Financial", "Trust", "Savings"})

RIVALS = (
    "Northgate Credit Union",
    "Larkspur Bank",
    "Kestrel Lending",
    "Tallow & Finch",
    "Birchmere Bank",
    "Oakhollow Credit Union",
    "Quillon Finance",
    "Merriweather Mutual",
    "Castellan Trust",
    "Juniper Row Bank",
    "O'Dell Savings",
    "Brannock Mortgage",
    "Thistledown Bank",
    "Wrenfield Credit Union",
    "Halcyon Street Bank",
    "Pemberly Loans",
    "Marlowe & Sons",
    "Ironbridge Finance",
    "Saltmarsh Savings",
    "Vantry",
)

TOWN_BEFORE = (
    "",
    "North",
    "South",
    "East",
    "West",
    "New",
    "Old",
    "Upper",
    "Lower",
    "Fort",
    "Port",
    "Mount",
    "Lake",
    "Little",
)
TOWN_MIDDLE = (
    "Alder", "Birch", "Cedar", "Dover", "Elm", "Fern", "Garnet", "Hazel", "Ivory", "Jasper",
    "Kendal", "Laurel", "Maple", "Nettle", "Olive", "Poplar", "Quarry", "Rowan", "Sable", "Tamar",
    "Umber", "Violet", "Walnut", "Yarrow", "Amber", "Briar", "Clover", "Dunmore", "Ember", "Flint",
    "Granite", "Holly", "Indigo", "Juniper", "Kelso", "Linden", "Myrtle", "Norwood", "Orchard", "Pembroke",
)  # fmt: skip
TOWN_AFTER = (
    "Falls", "Ridge", "Hollow", "Crossing", "Springs", "Grove", "Mills", "Point", "Heights", "Bend",
    "Bluff", "Brook", "Creek", "Dale", "Ferry", "Field", "Forge", "Gap", "Glen", "Green",
    "Hill", "Island", "Junction", "Landing", "Meadow", "Pass", "Rapids", "Shore", "Vale", "Wells",
    "Woods", "Ford", "Bay", "Beach", "Bridge", "Canyon", "Center", "City", "Corner", "Cove",
    "Estates", "Flats", "Gardens", "Gate", "Haven", "Isle", "Lane", "Manor", "Market", "Park",
    "Place", "Plains", "Prairie", "Reach", "Road", "Rock", "Run", "Spur", "Square", "Town",
)  # fmt: skip

TOPICS = (
    "a first mortgage",
    "a savings account",
    "a car loan",
    "a student account",
    "a small business loan",
    "refinancing a home",
    "a joint account",
    "a credit card without fees",
    "retirement savings",
    "a construction loan",
    "sending money abroad",
    "an emergency fund",
)
BRANDED = (
    "Is {name} in {town} a good choice for {topic}?",
    "What do customers of {name} in {town} say about {topic}?",
    "How does {name} in {town} compare with others for {topic}?",
)
UNBRANDED = (
    "Which lender in {town} is best for {topic}?",
    "Where should I go in {town} for {topic}?",
    "Who offers good terms in {town} for {topic}?",
)
SHARED = (
    "Which lenders {where} {town} are best for {topic}?",
    "Who would you trust {where} {town} with {topic}?",
)

OPINIONS = {
    "positive": (
        "is often recommended for its friendly staff and competitive rates",
        "is praised by members for quick and helpful service",
        "is a popular choice with excellent online tools",
        "is trusted locally and known for low fees",
    ),
    "negative": (
        "is often criticised for high fees",
        "is the subject of complaints about slow service",
        "is frequently described as outdated and hard to reach",
        "is named in reviews for poor communication",
    ),
    "neutral": (
        "offers fixed and variable terms through its branches",
        "has offices in the area and an online application",
        "lists its current terms on its website",
        "serves households and small firms",
    ),
}

PRESS = (
    ("https://www.ledgerlark.com/guides/best-local-lenders", "Best local lenders | Ledgerlark"),
    ("https://thriftyheron.com/reviews/rates?type=savings", "Savings rates compared - Thrifty Heron"),
    ("https://www.moneyalmanack.co.uk/compare/accounts", "Compare accounts - Money Almanack"),
    ("https://forum.creditcorner.org/t/who-do-you-use/4711", "Who do you use? - Credit Corner forum"),
    ("https://www.reviewquill.com/lenders", "Lender reviews | ReviewQuill"),
    ("https://news.countytelegraph.com/2026/02/lending", "Lending in the county - County Telegraph"),
    ("https://en.finpedia.org/wiki/Credit_union", "Credit union - Finpedia"),
)
OWN_PAGES = (("/rates", "Rates"), ("/about-us", "About us"), ("/loans/home", "Home loans"), ("/", "Welcome"))
