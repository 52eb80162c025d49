"""Keys between KMEs that share no link: hop by hop under one-time pads (一次一密) of link keys.

Messages follow the shape of the ETSI GS QKD 020 draft (``ext_key_container``, 202, ``ack_callback_url``,
void); what the draft leaves to extensions is ours, so other makers' KMEs do not understand it yet.
"""
