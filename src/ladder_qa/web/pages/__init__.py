"""HTML pages made by plain functions, readable without JavaScript.

Every function returns finished HTML; text enters it through `text.escape` only.
Not covered: routing and statuses, which are in `ladder_qa.web.page_routes`.
"""
