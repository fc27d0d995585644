"""The dashboard of `senso api`: pages for people, over the same reads and writes as the API and the commands.

pages       adds them to the application of the API
routes      the pages, a file for each kind of thing
sessions    logging in, and whose page it is
proxies     people whom a proxy in front has let in
own         what only the dashboard needs of the settings
same_origin writes come from pages of this dashboard only
page_route  routes whose errors are pages too
links       addresses of pages, whose state stands in them
once        a form that is sent twice is done once
stages      how far a batch has come; `waterfall`: where time went; `marking`: an answer with what was found in it
rendering   templates, their filters, and the headers of a page
formats     money, moments and durations as people read them
charts      the geometry of charts, which templates draw as SVG
navigation  the pages that the bar at the top leads to
states_shown the colour and the shape of each state
files       style sheet and scripts, kept by browsers until they change
"""
