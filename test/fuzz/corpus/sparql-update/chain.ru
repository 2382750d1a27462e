PREFIX ex: <http://e/>
DELETE DATA { <#a> ex:p 1 . } ;
INSERT DATA { <#a> ex:p 3, "x"@en, "1"^^ex:t ; ex:k [ ex:n ( 1 _:z ) ] . _:z a ex:T } ; PREFIX f: <http://f/>
DELETE { ?s ex:p ?o } INSERT { ?s f:p ?o, _:n } WHERE { ?s ex:p ?o . ?o ?y ?z } ;
