"""Documents of eight formats from ordinary office life, made here; `format_questions` asks about them.

They are longer and less tidy than those of `makers`: several sheets with titles and totals, a mail that quotes mails,
columns under a running header, a form somebody filled in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import makers
import pptx
import xlsxwriter
from fpdf import FPDF
from pptx.util import Inches
from scans import lines, scanned
from test_pdf_layout import FONT, PAGE, column, raw_pdf, stream

KIT = [
    ("K-01", "Wavehopper kayak", "Pyranha", date(2019, 4, 12), 640, "Lower shed", date(2026, 3, 14)),
    ("K-02", "Wavehopper kayak", "Pyranha", date(2019, 4, 12), 640, "Lower shed", date(2026, 3, 14)),
    ("K-03", "Sea kayak Scorpio", "P&H", date(2021, 6, 3), 1485, "Upper shed", date(2026, 5, 9)),
    ("K-04", "Sea kayak Virgo", "P&H", date(2022, 2, 18), 1320.5, "Upper shed", date(2026, 5, 9)),
    ("K-05", "Junior kayak Fun 1", "Jackson", date(2020, 9, 30), 515, "Lower shed", date(2026, 3, 14)),
    ("C-01", "Open canoe Prospector 16", "Nova Craft", date(2018, 5, 22), 1790, "Canoe rack A", date(2026, 4, 11)),
    ("C-02", "Open canoe Prospector 15", "Nova Craft", date(2018, 5, 22), 1690, "Canoe rack A", date(2026, 4, 11)),
    ("C-03", "Open canoe Explorer", "Mad River", date(2015, 7, 1), 980, "Canoe rack B", date(2026, 4, 11)),
    ("C-04", "Raft, eight seats", "Gumotex", date(2023, 3, 27), 2260, "Trailer", date(2026, 2, 7)),
    ("P-01", "Paddles, touring, set of ten", "Werner", date(2022, 8, 9), 890, "Paddle room", date(2026, 6, 20)),
    ("P-02", "Paddles, canoe, set of twelve", "Mitchell", date(2017, 3, 2), 430, "Paddle room", date(2026, 6, 20)),
    ("P-03", "Paddles, junior, set of eight", "Palm", date(2021, 1, 15), 264, "Paddle room", date(2026, 6, 20)),
    ("B-01", "Buoyancy aids, adult, set of fifteen", "Palm", date(2023, 5, 5), 975, "Drying room", date(2026, 1, 24)),
    ("B-02", "Buoyancy aids, child, set of ten", "Yak", date(2024, 4, 19), 495, "Drying room", date(2026, 1, 24)),
    ("H-01", "Helmets, set of twenty", "Sweet", date(2022, 11, 8), 1140, "Drying room", date(2026, 1, 24)),
    ("S-01", "Spray decks, set of twelve", "Peak UK", date(2020, 2, 28), 552, "Drying room", date(2026, 6, 20)),
    ("T-01", "Trailer for eight boats", "Ifor Williams", date(2016, 10, 14), 2150, "Yard", date(2026, 9, 1)),
    ("T-02", "Trolleys, set of four", "Eckla", date(2021, 7, 30), 316, "Yard", date(2026, 9, 1)),
    ("R-01", "Throw lines, set of six", "HF", date(2024, 1, 12), 258, "Safety locker", date(2026, 1, 24)),
    ("R-02", "First aid kits, set of three", "Lifesystems", date(2025, 2, 3), 117, "Safety locker", date(2026, 2, 1)),
    ("R-03", "Radio, waterproof, pair", "Icom", date(2023, 9, 18), 388, "Safety locker", date(2026, 9, 18)),
    ("O-01", "Changing tent", "Vango", date(2022, 6, 11), 229, "Loft", date(2026, 10, 3)),
    ("O-02", "Gazebo 3 x 6 m", "Gala", date(2019, 8, 8), 345, "Loft", date(2026, 10, 3)),
    ("O-03", "Pressure washer", "Kärcher", date(2020, 12, 4), 199.99, "Lower shed", date(2026, 11, 16)),
]
COURSES = [
    ("Taster evening", "beginners", "Freya Thorne", 1, 12, 15, "None"),
    ("Paddle Start", "beginners", "Freya Thorne", 2, 45, 60, "None"),
    ("Paddle Discover", "improvers", "Idris Vaughan", 4, 85, 110, "Paddle Start"),
    ("Junior Explore", "children aged 8 to 12", "Marta Quill", 6, 54, 72, "Can swim 50 m"),
    ("Junior Adventure", "children aged 13 to 16", "Marta Quill", 6, 66, 88, "Junior Explore"),
    ("Open canoe skills", "improvers", "Idris Vaughan", 3, 95, 125, "Paddle Discover"),
    ("Poling and lining", "advanced", "Gwil Pascoe", 2, 70, 95, "Open canoe skills"),
    ("White water weekend", "advanced", "Gwil Pascoe", 2, 130, 175, "Paddle Discover"),
    ("Sea kayak day", "improvers", "Nell Abara", 1, 58, 78, "Paddle Discover"),
    ("Sea kayak expedition", "advanced", "Nell Abara", 3, 190, 245, "Sea kayak day"),
    ("Rolling clinic", "all", "Tomasz Wilk", 1, 20, 28, "None"),
    ("Pool sessions, ten evenings", "all", "Tomasz Wilk", 10, 75, 105, "None"),
    ("Foundation safety", "leaders", "Gwil Pascoe", 1, 40, 55, "Paddle Discover"),
    ("White water safety", "leaders", "Gwil Pascoe", 2, 150, 195, "Foundation safety"),
    ("First aid on the water", "leaders", "Ros Kettering", 1, 62, 80, "None"),
    ("Paddle leader training", "leaders", "Idris Vaughan", 2, 120, 160, "First aid on the water"),
    ("Paddle leader assessment", "leaders", "Idris Vaughan", 1, 110, 150, "Paddle leader training"),
    ("Adaptive paddling", "disabled paddlers", "Ros Kettering", 4, 30, 30, "None"),
    ("Women on water", "women", "Nell Abara", 3, 48, 66, "None"),
    ("Family float", "families", "Marta Quill", 1, 25, 36, "None"),
    ("Moonlight paddle", "all", "Freya Thorne", 1, 16, 22, "Paddle Start"),
]
BUDGET = [
    ("Income", None),
    ("Subscriptions", (4200, 1350, 620, 480)),
    ("Course fees", (1150, 5480, 6920, 1240)),
    ("Boat hire", (90, 1760, 2840, 310)),
    ("Grant from Sport Tarnshire", (0, 3000, 0, 0)),
    ("Raffle and socials", (140, 260, 415, 890)),
    ("Expenditure", None),
    ("Rent of the boathouse", (1875, 1875, 1875, 1875)),
    ("Insurance", (2340, 0, 0, 0)),
    ("Coach expenses", (420, 1930, 2410, 505)),
    ("Repairs", (610, 275, 330, 985)),
    ("Electricity and water", (385, 240, 195, 410)),
    ("Affiliation to Paddle UK", (0, 960, 0, 0)),
    ("Replacement of kayaks", (0, 0, 2970, 0)),
]


def workbook() -> bytes:
    """The canoe club's kit, courses and budget: titles above the tables, totals by formulas."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    bold, pounds = book.add_format({"bold": True}), book.add_format({"num_format": "£#,##0.00"})
    day = book.add_format({"num_format": "dd mmm yyyy"})
    kit = book.add_worksheet("Kit register")
    kit.merge_range("A1:G1", "Tarn Valley Canoe Club – kit register", bold)
    kit.write("A2", "Updated by Tomasz Wilk, equipment officer, after the stocktake of 8 November 2025")
    kit.write_row("A4", ["Tag", "Item", "Make", "Bought", "Price paid", "Kept in", "Next check"], bold)
    for row, values in enumerate(KIT, start=4):
        for at, value in enumerate(values):
            if isinstance(value, date):
                kit.write_datetime(row, at, value, day)
            else:
                kit.write(row, at, value, pounds if at == 4 else None)
    last = 4 + len(KIT)
    kit.write(last, 3, "Total paid", bold)
    kit.write_formula(last, 4, f"=SUM(E5:E{last})", pounds, sum(row[4] for row in KIT))
    courses = book.add_worksheet("Courses 2026")
    courses.write("A1", "Courses in the 2026 season", bold)
    courses.write_row("A3", ["Course", "For", "Coach", "Sessions", "Member fee", "Guest fee", "You need first"], bold)
    for row, values in enumerate(COURSES, start=3):
        for at, value in enumerate(values):
            courses.write(row, at, value, pounds if at in (4, 5) else None)
    _budget(book, bold, pounds)
    book.close()
    return buffer.getvalue()


def _budget(book: xlsxwriter.Workbook, bold: object, pounds: object) -> None:
    sheet = book.add_worksheet("Budget")
    sheet.write("A1", "Budget for the year to 31 December 2026, agreed on 19 November 2025", bold)
    sheet.write_row("A3", ["Line", "Jan–Mar", "Apr–Jun", "Jul–Sep", "Oct–Dec", "Year"], bold)
    for row, (name, quarters) in enumerate(BUDGET, start=3):
        sheet.write(row, 0, name, None if quarters else bold)
        if quarters:
            for at, amount in enumerate(quarters, start=1):
                sheet.write(row, at, amount, pounds)
            sheet.write_formula(row, 5, f"=SUM(B{row + 1}:E{row + 1})", pounds, sum(quarters))
    at = [name for name, _ in BUDGET].index("Expenditure")
    income, spent = (sum(sum(q) for _, q in part if q) for part in (BUDGET[:at], BUDGET[at:]))
    sheet.write(4 + len(BUDGET), 0, "Surplus for the year", bold)
    sheet.write_formula(
        4 + len(BUDGET), 5, f"=SUM(F5:F{3 + at})-SUM(F{5 + at}:F{3 + len(BUDGET)})", pounds, income - spent
    )


SUPPLIERS = """\
Supplier,Supplies,Contact,Phone,Account no.,Payment terms,Minimum order,Delivery days,Notes
Ashdown Mill,strong white flour,Beth Corrigan,01632 960112,AM-2207,30 days,£250.00,Mon Thu,
Ashdown Mill,rye and spelt flour,Beth Corrigan,01632 960112,AM-2207,30 days,£120.00,Thu,order by Tuesday noon
Bellwood Dairy,butter and cream,Rhian Lowe,01632 960245,41877,14 days,£80.00,Mon Wed Fri,
Bellwood Dairy,milk,Rhian Lowe,01632 960245,41877,14 days,£35.00,daily,crates go back
Brindle Eggs,free-range eggs,Colm Dacey,01632 960301,HLB9,cash on delivery,£40.00,Tue Fri,
Castle Salt,sea salt,Maja Nowak,01632 960318,5510-H,30 days,£60.00,monthly,
Corvo Coffee,coffee beans,Leo Vianna,01632 960333,CC-0418,30 days,£150.00,Wed,roasted to order
Dale Packaging,paper bags,Stan Orme,01632 960390,DP3391,45 days,£200.00,Tue,
Dale Packaging,cake boxes,Stan Orme,01632 960390,DP3391,45 days,£200.00,Tue,printed boxes take three weeks
Elm Farm Fruit,apples and pears,Josie Tranter,07700 900118,none,7 days,£45.00,Tue Sat,September to March only
Elm Farm Fruit,soft fruit,Josie Tranter,07700 900118,none,7 days,£45.00,Tue Thu Sat,June to August only
Fenn Honey,honey,Abel Fenn,07700 900162,none,cash on delivery,£30.00,on request,
Glover Gas,gas for the deck oven,Priya Sandhu,01632 960402,88-1204,direct debit,none,when low,emergencies 01632 960499
Hatch & Reed,oven servicing,Duncan Reed,01632 960417,HR/77,30 days,none,on request,contract ends 30 April 2027
Ingle Yeast,fresh yeast,Saskia Holm,01632 960428,IY-603,14 days,£25.00,Mon Thu,keep below 4 °C
Jubilee Linen,aprons and cloths,Orla Finch,01632 960436,2093,30 days,£18.50,Fri,
Kestrel Oils,sunflower and olive oil,Matteo Greco,01632 960441,KO-7781,30 days,£95.00,Wed,
Larch Waste,waste and recycling,Ken Moody,01632 960452,LW-HLB,30 days,none,Tue Fri,food waste on Fridays
Marlow Nuts,almonds and hazelnuts,Inez Duarte,01632 960467,MN5521,30 days,£110.00,Thu,contains all allergens
Marlow Nuts,seeds,Inez Duarte,01632 960467,MN5521,30 days,£70.00,Thu,
Nettle & Rye,sourdough starter,Huw Griffin,07700 900174,none,on order,none,once,
Oakley Chocolate,couverture,Wim de Boer,01632 960471,OC-2950,30 days,£175.00,Wed,not above 20 °C
Pike Refrigeration,cold room repairs,Lena Marsh,01632 960484,PR-118,14 days,none,on request,call-out £95.00 plus parts
Quince Preserves,jam,Alma Whitby,01632 960493,QP-31,30 days,£55.00,every other Mon,
Rowan Spices,spices,Tariq Aziz,01632 960505,RS-8002,30 days,£40.00,Wed,
Saddler Cleaning,cleaning products,Meg Harker,01632 960516,SC-HL4,30 days,£50.00,first Mon,
Sorrel Herbs,fresh herbs,Kit Sorrel,07700 900187,none,7 days,£15.00,Tue Fri,
Tern Couriers,cake deliveries,Bo Larsen,01632 960527,TC-640,14 days,none,Mon-Sat,£6.40 inside the ring road
Ullock Sugar,caster and icing sugar,Dina Roth,01632 960538,US-4471,30 days,£130.00,Mon,
Ullock Sugar,demerara and syrup,Dina Roth,01632 960538,US-4471,30 days,£90.00,Mon,
Vale Cheese,cheddar and feta,Rufus Heal,01632 960549,VC-29,14 days,£65.00,Thu,
Wick Candles,birthday candles,Ivy Wick,07700 900193,none,on order,£20.00,post,
Yarrow Tea,tea,Mei Lin,01632 960561,YT-205,30 days,£75.00,monthly,
Zest Citrus,lemons and oranges,Paolo Riva,01632 960572,ZC-818,14 days,£48.00,Tue Fri,
Amber Alarms,burglar alarm,Gail Stokes,01632 960583,AA-5519,yearly in advance,none,on request,code word needed
Birch Print,labels and menus,Rory Kean,01632 960594,BP-HLB2,30 days,£35.00,post,
Cobalt Software,till software,Nadia Petrov,01632 960605,CS-99812,monthly,none,-,support 8 am to 6 pm
Dunlin Vans,van lease,Harriet Cole,01632 960616,DV-3140,monthly,none,-,lease ends 14 August 2026
Ember Extinguishers,fire extinguishers,Piers Nunn,01632 960627,EE-20,yearly,none,each March,
Finch Accounts,bookkeeping,Sunita Rao,01632 960638,FA-HL,monthly,none,-,
Gannet Fish,smoked salmon,Erik Strand,01632 960649,GF-77,7 days,£60.00,Fri,
Heron Water,mains water,Customer line,0345 600 1212,700 419 88,quarterly,none,-,
Iris Flowers,table flowers,Dot Weaver,07700 900205,none,cash on delivery,£12.00,Sat,
Jackdaw Pest Control,pest control,Neil Frost,01632 960660,JP-54,30 days,none,each quarter,last visit found nothing
Kite Energy,electricity,Business desk,0345 600 3434,K-5520193,direct debit,none,-,tariff fixed to 31 October 2026
Linnet Learning,hygiene courses,Bea Crosby,01632 960671,LL-8,on booking,none,-,level 2 costs £38.00 a head
Merlin Maintenance,mixer repairs,Walt Sims,01632 960682,MM-413,30 days,none,on request,
Nightjar Bakery Agency,temporary bakers,Carys Penn,01632 960693,NB-212,7 days,four hours,same day by 10 am,£19.80 hourly
Osprey Insurance,insurance,Judith Bell,01632 960704,OI-66210-B,yearly,none,-,renews on 1 July
Plover Uniforms,bakers' whites,Anders Boe,01632 960715,PU-90,30 days,£85.00,post,
"""


def suppliers() -> bytes:
    """The suppliers of a bakery."""
    assert len({len(row) for row in csv.reader(io.StringIO(SUPPLIERS))}) == 1
    return SUPPLIERS.encode()


SLIDES: list[tuple[str, list[str], str]] = [
    (
        "Moving the Larkfield branch library",
        ["Briefing for staff and volunteers", "Petra Lindgren, branch manager, 3 February 2026"],
        "Welcome everyone and say where the fire exits are.",
    ),
    (
        "Why we move",
        [
            "The lease of Garrick House ends on 30 June 2026 and is not renewed",
            "The roof has leaked four times since October",
            "Visits fell from 61,000 to 48,500 in two years",
            "The new site is next to the bus station and two schools",
        ],
        "If asked about the rent: the owner wanted £92,000 a year, we paid £71,000.",
    ),
    (
        "The new building",
        [
            "The former tram depot in Signal Street",
            "820 square metres on one floor, 140 more than today",
            "Architect: Bramhall Oduya",
            "Builder: Keswick & Daughters",
            "Step-free, with a changing place for disabled visitors",
        ],
        "",
    ),
    (
        "What happens when",
        [
            "Last day at Garrick House: Saturday 9 May",
            "Packing: 11 to 22 May",
            "Removal vans: 26 to 28 May",
            "Shelving up by 5 June",
            "Opening day: Saturday 20 June at 10 am",
        ],
        "The opening is by the children's laureate. Keep that to ourselves until April.",
    ),
    ("What it costs", [], "The gap of £38,000 is to be closed by the Friends' appeal."),
    (
        "While we are closed",
        [
            "Loans run on until 4 July, no fines",
            "Reservations are collected at Hollin Road library",
            "The mobile library stops in Market Place on Tuesdays, 2 pm to 5 pm",
            "The home delivery service goes on as usual",
        ],
        "",
    ),
    (
        "Who does what",
        [
            "Packing list and labels: Yusuf Demir",
            "Computers and printers: Hannah Voss",
            "Local history collection: Cedric Mbeki",
            "Volunteers' rota: Joan Pickering",
            "Press and posters: Petra Lindgren",
        ],
        "Cedric needs two helpers who can lift 15 kg.",
    ),
    (
        "Packing rules",
        [
            "No box over 12 kg",
            "Green labels for children's books, yellow for adult fiction, blue for non-fiction",
            "Never stack more than five boxes",
            "The map cabinet is moved by specialists only",
        ],
        "",
    ),
    (
        "Your hours",
        [
            "No leave from 18 May to 19 June",
            "Overtime is paid at time and a half, or taken as leave by the end of September",
            "Parking at the depot: six spaces, by rota",
        ],
        "The union agreed to this on 22 January.",
    ),
    (
        "Questions",
        ["Ask Petra, extension 4417", "A site visit is on Thursday 12 March at 4.30 pm; bring flat shoes"],
        "",
    ),
]
COSTS = ["Item", "Estimate", "Agreed price"]
COSTS += ["Building work", "£410,000", "£436,500", "Shelving", "£58,000", "£54,200", "Removal", "£21,000", "£19,750"]
COSTS += ["Computers", "£33,000", "£35,900", "Furniture", "£47,000", "£44,100"]


def briefing() -> bytes:
    """Slides about the move of a library: bullets, a table and notes."""
    made = pptx.Presentation()
    for title, bullets, notes in SLIDES:
        slide = made.slides.add_slide(made.slide_layouts[1 if bullets else 5])
        slide.shapes.title.text = title
        if bullets:
            frame = slide.placeholders[1].text_frame
            frame.text = bullets[0]
            for bullet in bullets[1:]:
                frame.add_paragraph().text = bullet
        else:
            table = slide.shapes.add_table(6, 3, Inches(1), Inches(2), Inches(8), Inches(3)).table
            for at, text in enumerate(COSTS):
                table.cell(at // 3, at % 3).text = text
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


THREAD = """\
Hi Nadeem,

thanks for chasing this. I spoke to Orbis Lifts this morning. Their engineer, Lucjan Baran, comes on Wednesday 21
January between 7 and 9 am and needs the lift room key; Sheila at reception has it. The lift will be out of use until
about noon.

The part that failed is the door operator. It is not covered by the service contract because the contract excludes
doors, so we pay £1,845 plus VAT. Their quotation is attached. I have raised purchase order PO-30718.

Until then, please ask visitors for the third floor to be met downstairs. Deliveries over 20 kg go to the loading bay
in Pump Lane.

Winifred Osei
Facilities, Pellow & Marsh Surveyors
Tel. 01632 961 280

On Mon, 19 Jan 2026 at 09:42, Nadeem Farouk <nadeem@pellowmarsh.example> wrote:
> Morning Winifred,
>
> the lift stopped between the first and second floor again on Friday afternoon, and Mrs Achterberg from Lowther
> Housing was stuck for 35 minutes. She was very good about it but I had to send flowers. Can we have a date please?
> It is the third time since November.
>
> I also need to know whether the client seminar on 29 January can go ahead upstairs. We expect 46 guests.
>
> Nadeem
>
> On Fri, 16 Jan 2026 at 16:58, Winifred Osei <winifred@pellowmarsh.example> wrote:
>> All,
>>
>> the lift is out of order. Please use the stairs at the back as well, the front ones get crowded. Anyone who cannot
>> use the stairs may work from the meeting room on the ground floor, which is booked as Elm for the whole week.
>>
>> Winifred
"""
QUOTATION = """\
Orbis Lifts Ltd
Quotation Q-5583 of 19 January 2026 for Pellow & Marsh Surveyors, 14 Canal Street

Replace the door operator of lift 2 (make: Wittmer, type DO-40): parts £1,290, labour £555, together £1,845 plus VAT.
Two engineers, five hours. The new part is guaranteed for 24 months.
This quotation is valid until 18 February 2026. Payment within 21 days of completion.
Not included: repainting of the door frames, £310 if wanted.
"""


def thread() -> bytes:
    """A mail about a lift, with the mails that it answers and a quotation."""
    made = makers.mail("Re: Lift out of order again", [("Quotation Q-5583.txt", QUOTATION.encode())], THREAD)
    for name, value in (
        ("From", "Winifred Osei <winifred@pellowmarsh.example>"),
        ("To", "Nadeem Farouk <nadeem@pellowmarsh.example>"),
        ("Date", "Tue, 20 Jan 2026 11:26:00 +0000"),
    ):
        made.replace_header(name, value)
    return made.as_bytes()


NEWS: list[tuple[str, str]] = [
    (
        "Water is back",
        "The burst pipe behind plots 40 to 52 was mended on 2 April by Stonebridge Plumbing. It cost the association "
        "£1,130, half of which the council pays back. The taps are on from 6 am to 9 pm. Please do not leave hoses "
        "running: each plot may use a hose for thirty minutes a day, and sprinklers are not allowed at all.",
    ),
    (
        "New rents",
        "From 1 October a full plot costs £64 a year and a half plot £36. Pensioners pay a quarter less. Rents are due "
        "on the first day of the association's year, and anyone who has not paid by 30 November loses the plot. Pay by "
        "bank transfer or to the treasurer, Mrs Oyelaran, who is in the hut on Sundays from 10 am to noon.",
    ),
    (
        "The waiting list",
        "There are 83 names on the list, and the wait is about three years. Only people who live in Eastmere can join "
        "it. Plots that come free in the summer are offered in September, so that the ground can be dug before frost. "
        "Whoever declines two plots goes to the end of the list.",
    ),
    (
        "Bonfires",
        "The fire brigade was called twice in March. From now on bonfires are allowed only from 1 November to the end "
        "of February, on Saturdays after 3 pm, and never within ten metres of a shed or hedge. Treated wood must go "
        "to the tip. The fine for a fire at any other time is £25.",
    ),
    (
        "Bees at the pond",
        "Mr Szymanski now keeps four hives beside the pond. He sells the honey at £7 a jar from his plot, number 17. "
        "Anyone who is stung and feels unwell should ring 999 first and the site secretary, Lorna Biggs, afterwards.",
    ),
    (
        "Summer show",
        "The show is on Saturday 15 August in the Methodist hall. Exhibits are brought between 8 and 10 am, the "
        "judging is at 11, and the public is let in at 1 pm. There are 24 classes this year; new is a class for the "
        "ugliest carrot. Entry costs 50p for each exhibit and nothing for children. The judge is Arthur Penhaligon of "
        "Wexcombe.",
    ),
    (
        "The skip",
        "A skip stands by the lower gate from 9 to 12 May. It is for rubbish from plots only: no tyres, no fridges, no "
        "asbestos. Last time we paid £85 extra because somebody left paint in it.",
    ),
    (
        "Shop prices",
        "The hut sells compost at £5.50 a bag, three for £15, bamboo canes at 40p each and chicken manure pellets at "
        "£8 a tub. Seed potatoes are sold out. The hut takes cards now, from £5.",
    ),
    (
        "Keys and locks",
        "The lock of the top gate was changed on 20 April. The new code is sent by post and must not be passed on. A "
        "key to the lower gate is lent against a deposit of £10; ask Lorna Biggs.",
    ),
    (
        "Working party",
        "On the last Sunday of each month we meet at 9.30 am at the hut to clear the paths. In May we repair the "
        "bridge over the ditch. Tools and bacon rolls are provided. Whoever comes three times gets £5 off the rent.",
    ),
]


class _Newsletter(FPDF):
    def header(self) -> None:
        self.set_font("helvetica", "I", 9)
        self.cell(0, 6, "Eastmere Allotment Association  -  Newsletter, spring 2026", align="C")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("helvetica", "", 8)
        self.cell(0, 6, f"Page {self.page_no()} of 2", align="C")


def newsletter() -> bytes:
    """Two pages in two columns, under a running header."""
    made = _Newsletter()
    made.set_title("Eastmere Allotment Association: newsletter, spring 2026")
    for page in (NEWS[:5], NEWS[5:]):
        made.add_page()
        at = [28.0, 28.0]
        for number, (heading, text) in enumerate(page):
            side = 0 if number < 3 else 1
            x = 12 + 97 * side
            made.set_font("helvetica", "B", 13)
            column(made, x, at[side], 89, heading)
            made.set_font("helvetica", "", 10)
            column(made, x, made.get_y() + 1, 89, text)
            at[side] = made.get_y() + 6
    return bytes(made.output())


FIELDS: list[tuple[str, str | bool]] = [
    ("Event", "Whitsun Bank street party"),
    ("Organiser", "Delphine Achebe"),
    ("Organisation", "Whitsun Bank Residents' Group"),
    ("Telephone", "01632 962 455"),
    ("Road to be closed", "Whitsun Bank, from Tanner Row to number 61"),
    ("Date of the event", "Sunday 7 June 2026"),
    ("Closed from", "11:00"),
    ("Closed until", "20:30"),
    ("People expected", "180"),
    ("Music will be played", True),
    ("Alcohol will be sold", False),
    ("Food will be sold", True),
    ("Insurer", "Hexham Mutual"),
    ("Policy number", "HM-771-20934"),
    ("Sum insured", "£5,000,000"),
    ("First aid by", "St John, two volunteers"),
    ("Access for fire engines", "the bollards at Tanner Row are taken out by Mr Lisle"),
    ("Rubbish", "residents sweep the road by 21:00; ten bins from the council"),
    ("Fee paid", "£28.00 on 2 March 2026, receipt 4471"),
]


def permit() -> bytes:
    """A filled form: an application to close a road for a party."""
    labels = "".join(f"1 0 0 1 40 {770 - 32 * n} Tm ({label}) Tj " for n, (label, _) in enumerate(FIELDS))
    head = "BT /F 15 Tf 1 0 0 1 40 810 Tm (Stanwick Town Council: application to close a road) Tj /F 10 Tf "
    widgets = [_widget(number, label, value) for number, (label, value) in enumerate(FIELDS)]
    names = " ".join(f"{6 + number} 0 R" for number in range(len(widgets)))
    return raw_pdf(
        f"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{names}]/DR<</Font<</F 3 0 R>>>>>>>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        FONT,
        f"<<{PAGE.replace('400 300', '595 842')}/Contents 5 0 R/Annots[{names}]>>",
        stream(f"{head}{labels}ET"),
        *widgets,
    )


def _widget(number: int, label: str, value: str | bool) -> str:
    field = f"/Type/Annot/Subtype/Widget/F 4/DA(/F 10 Tf)/T({label})"
    bottom = 766 - 32 * number
    if isinstance(value, str):
        return f"<<{field}/FT/Tx/V({value})/Rect[200 {bottom} 550 {bottom + 18}]>>"
    state = "Yes" if value else "Off"
    shown = "/AP<</N<</Yes 5 0 R/Off 5 0 R>>>>"
    return f"<<{field}/FT/Btn/V/{state}/AS/{state}{shown}/Rect[200 {bottom} 214 {bottom + 14}]>>"


LETTER = (
    "Dunmore Water Company",
    "Reservoir House, Tollgate Road, Dunmore",
    "",
    "12 January 2026",
    "",
    "The Bursar, Saint Brannoc School, Priory Lane",
    "",
    "Our reference: DWC/26/0093",
    "",
    "Renewal of the water main in Priory Lane",
    "",
    "Dear Mrs Hallam,",
    "",
    "We are writing to tell you that the water main in Priory Lane will be replaced this spring. The present pipe was "
    "laid in 1938 and has burst six times in the past two winters.",
    "",
    "The work begins on Monday 30 March and is planned to take seven weeks. Our contractor is Rathbone Civil "
    "Engineering; the site manager is Mr Declan Foy, who can be reached on 01632 963 117 between 7.30 am and 5 pm.",
    "",
    "The lane will be closed to through traffic. School buses should use the entrance in Abbey Walk. A steward will "
    "help children to cross between 8.15 and 9.00 am and between 3.10 and 3.50 pm.",
    "",
    "Your water will be turned off twice, on 14 April from 9 am to 1 pm and on 5 May from 10 am to 4 pm. We will "
    "deliver 400 litres of bottled water to the kitchen the day before each of these days.",
    "",
    "You may claim for loss of business by sending form C12 to us within 28 days of the end of the work. The most that "
    "we pay is 2,500 pounds.",
    "",
    "Yours sincerely,",
    "",
    "Agnes Thornbury",
    "Head of Network Renewal",
)


def letter() -> bytes:
    """A letter that somebody scanned: a picture of its page."""
    sheet = FPDF()
    sheet.set_margin(22)
    sheet.set_font("times", size=12)
    sheet.add_page()
    lines(sheet, *(text or " " for text in LETTER))
    return scanned(sheet)


CHAPTERS: list[tuple[str, str]] = [
    (
        "Welcome to the hostel",
        "<p>Calder Bridge Hostel has 64 beds in eleven rooms and is run by a charity, the Fellside Trust. This "
        "handbook is for wardens, cooks and weekend helpers. It was last revised by Magnus Tveit, the "
        "manager.</p><p>New wardens work their first four shifts together with an experienced colleague. After three "
        "months there is a talk about how things are going; the trial period ends after six.</p>",
    ),
    (
        "Opening and closing",
        "<p>Reception is open from 7.30 to 10.30 in the morning and from 4 to 10 in the evening. Between 11 pm and "
        "6.30 am the front door is locked; guests get in with the code on their key card.</p><h2>Late "
        "arrivals</h2><p>Guests who announce themselves by 8 pm may arrive until midnight. Their key is left in box 3 "
        "beside the boot room. Nobody is checked in after midnight except in an emergency.</p><h2>Winter</h2><p>The "
        "hostel is closed from 15 December to 27 December and for the whole of January.</p>",
    ),
    (
        "Money",
        "<p>A bed in a shared room costs £24.50 a night, or £19 for those under 18. A private room for two is £62. "
        "Groups of twelve or more get one place free for every twelve that are paid "
        "for.</p><h2>Cancelling</h2><p>Guests who cancel seven days ahead get everything back except a fee of £5. "
        "Later than that they pay the first night. Groups must cancel six weeks ahead.</p><h2>The till</h2><p>The "
        "float is £150. The till is counted by two people at the end of each evening, and anything above the float "
        "goes into the safe. A difference of more than £10 is reported to the manager.</p>",
    ),
    (
        "The kitchen",
        "<p>Breakfast is from 7.30 to 9.15 and costs £8.95. Supper is served once, at 7 pm, and must be ordered by 3 "
        "pm. Packed lunches cost £7.20 and are ready at 8.</p><p>The dishwasher runs at 82 degrees. Fridge "
        "temperatures are written down at 8 am and 6 pm; if a fridge is warmer than 5 degrees, its food is moved and "
        "Cumbrian Cooling is called.</p>",
    ),
    (
        "Safety",
        "<p>The fire alarm is tested every Wednesday at 11 am. In a fire the guests meet at the old weighbridge. The "
        "warden on duty takes the guest list, which lies in the red folder, and calls the "
        "roll.</p><table><tr><th>Where</th><th>Extinguisher</th><th>Checked by</th></tr><tr><td>Kitchen</td><td>wet "
        "chemical</td><td>Ravi Menon</td></tr><tr><td>Boiler room</td><td>carbon dioxide</td><td>Ellen "
        "Sproat</td></tr><tr><td>Lounge</td><td>water</td><td>Ellen Sproat</td></tr></table><p>The boiler is serviced "
        "each August. If carbon monoxide is detected, open the windows, leave the building and ring the gas emergency "
        "line.</p>",
    ),
]


def handbook() -> bytes:
    """The handbook of a hostel, as a book in chapters."""
    return makers.epub("Calder Bridge Hostel: staff handbook", "2025-09-01", CHAPTERS)


MADE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "xlsx": ("canoe-club-2026.xlsx", workbook),
    "csv": ("bakery-suppliers.csv", suppliers),
    "pptx": ("library-move.pptx", briefing),
    "eml": ("lift.eml", thread),
    "pdf": ("allotment-newsletter.pdf", newsletter),
    "form": ("road-closure.pdf", permit),
    "scan": ("water-main.pdf", letter),
    "epub": ("hostel-handbook.epub", handbook),
}


def files(formats: Sequence[str] = tuple(MADE)) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of a document of each of ``formats``."""
    for name, make in (MADE[kind] for kind in formats):
        yield name, make()
