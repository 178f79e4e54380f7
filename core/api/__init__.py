"""What the server answers over plain HTTP beside the pages: Starlette routes over the rooms
below."""
