"""Industry chains (产业链): products, industries and firms as a graph; gaps, cut nodes, partners, failure.

* :mod:`.read` takes in tables, :mod:`.place` finds the city of a firm, :mod:`.link` links the names of
  firms' products to the products of the graph by the matching engine's terms.
* :mod:`.graph` holds everything as compact arrays, :mod:`.scope` cuts out the chain of an industry.
* :mod:`.gaps`, :mod:`.cuts`, :mod:`.partners` and :mod:`.failure` say what is missing, thin or hangs on one
  firm, who could fill a gap, and what a firm's failure would cut off; :mod:`.layout` draws the chain map.
"""
